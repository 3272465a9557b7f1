import { describe, expect, test } from 'vitest'
import * as f from './format'

describe('counts', () => {
  test.each([
    [0, '0', '0'], [3012, '3,012', '3,012'], [99_999, '99,999', '99,999'], [100_000, '10 万', '100K'], [123_456, '12.3 万', '123K'],
    [1_240_000, '124 万', '1.24M'], [124_000_000, '1.24 亿', '124M'], [-2, '−2', '−2'],
  ])('%d', (n, zh, en) => {
    expect(f.count(n, 'zh')).toBe(zh)
    expect(f.count(n, 'en')).toBe(en)
  })
  test('no data is a dash, zero is a zero', () => {
    expect(f.count(undefined, 'zh')).toBe('—')
    expect(f.count(0, 'zh')).toBe('0')
  })
  test('the exact count is never shortened', () => expect(f.exact(123_456)).toBe('123,456'))
})

describe('rates and harm', () => {
  test('a share', () => expect(f.rate(0.1137)).toBe('11.4%'))
  test('harm per thousand', () => {
    expect(f.perMille(29, 19200, 'zh')).toBe('1.5‰')
    expect(f.perMille(29, 19200, 'en')).toBe('1.5 per 1,000')
    expect(f.perMille(1, 0, 'en')).toBe('—')
  })
})

test('money is fen inside', () => {
  expect(f.money(48_600, 'zh')).toBe('¥486.00')
  expect(f.money(12_300_000, 'zh')).toBe('¥12.3 万')
  expect(f.money(48_600, 'en')).toBe('CNY 486.00')
  expect(f.money(12_300_000, 'en')).toBe('CNY 123K')
})

describe('changes', () => {
  test.each([[8, '+8', '+8'], [-2, '−2', '−2'], [0, '持平', 'no change']])('%d', (n, zh, en) => {
    expect(f.change(n, 'zh')).toBe(zh)
    expect(f.change(n, 'en')).toBe(en)
  })
  test('of a duration', () => {
    expect(f.faster(-12, 'zh')).toBe('快 12 秒')
    expect(f.faster(-12, 'en')).toBe('12 s faster')
  })
})

describe('times', () => {
  const at = '2026-11-20T14:32:00+08:00'
  const now = new Date('2026-11-20T15:00:00+08:00')
  const zone = 'Asia/Shanghai'
  test('clock, moment, date, long date', () => {
    expect(f.clock(at, 'zh', zone)).toBe('14:32')
    expect(f.moment(at, 'zh', zone, now)).toBe('11-20 14:32')
    expect(f.moment(at, 'en', zone, now)).toBe('20 Nov 14:32')
    expect(f.longDate(at, 'zh', zone)).toBe('11月20日（周五）')
    expect(f.longDate(at, 'en', zone)).toBe('Fri 20 Nov')
    expect(f.date('2025-09-01T00:00:00+08:00', 'zh', zone, now)).toBe('2025-09-01')
    expect(f.date('2025-09-01T00:00:00+08:00', 'en', zone, now)).toBe('1 Sep 2025')
  })
  test('the day for the API is the corp’s day', () => expect(f.isoDay(new Date('2026-11-20T17:00:00Z'), zone)).toBe('2026-11-21'))
  test('a day begins at the corp’s midnight', () => {
    expect(f.dayStart('2026-11-20', zone)).toBe('2026-11-19T16:00:00.000Z')
    expect(f.dayStart('2026-11-30', zone, 1)).toBe('2026-11-30T16:00:00.000Z')
    expect(f.dayStart('2026-11-20', 'America/New_York')).toBe('2026-11-20T05:00:00.000Z')
    expect(f.dayStart('x', zone)).toBe('')
  })
  test('today needs no date', () => expect(f.when(at, 'zh', zone, now)).toBe('14:32'))
  test('the zone is the corp’s, not the browser’s', () => expect(f.clock(at, 'zh', 'UTC')).toBe('06:32'))
  test('an empty or zero time is a dash', () => {
    expect(f.moment('', 'zh', zone)).toBe('—')
    expect(f.moment('0001-01-01T00:00:00Z', 'zh', zone)).toBe('—')
  })
  test.each([[108, '1 分 48 秒', '1 min 48 s'], [23_280, '6 小时 28 分', '6 h 28 min'], [0, '0 秒', '0 s'], [3600, '1 小时', '1 h'], [90_061, '1 天 1 小时', '1 d 1 h']])('duration %d', (s, zh, en) => {
    expect(f.duration(s, 'zh')).toBe(zh)
    expect(f.duration(s, 'en')).toBe(en)
  })
})

test('text is counted in UTF-8 bytes', () => {
  expect(f.bytes('')).toBe(0)
  expect(f.bytes('abc')).toBe(3)
  expect(f.bytes('知音')).toBe(6)
  expect(f.bytes('😀')).toBe(4)
  expect(f.bytes('a\n知')).toBe(5)
})
