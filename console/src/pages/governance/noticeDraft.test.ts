import { expect, test } from 'vitest'
import type { Purpose } from '../../api/types'
import { draftOf, published, unnamed } from './noticeDraft'

const purpose = (id: Purpose['id'], must = false): Purpose => ({ id, title: id, does: '', basis: 'consent', must, named: false, consents: 0, rules: [] })
const register = [purpose('service', true), purpose('marketing'), purpose('traits')]
const text = (zh: string, en?: string) => ({ zh, ...(en ? { en } : {}) })
const was = { who: text('花间', 'Hua Jian'), how: text('昵称'), keep: text('一年'), rights: text('删除'), purposes: [{ id: 'service' as const, text: text('回答您') }, { id: 'marketing' as const, text: text('活动') }] }

test('the first notice names what nobody can do without, and nothing else', () => {
  const d = draftOf(register)
  expect(d.named).toEqual(['service'])
  expect(unnamed(register, d).map((p) => p.id)).toEqual(['marketing', 'traits'])
})

test('a new version begins with the words in force', () => {
  const d = draftOf(register, was)
  expect(published(register, d)).toEqual(was)
  expect(d.again).toBe(false)
})

test('what is published keeps the register\'s order and leaves out empty English', () => {
  const d = draftOf(register, was)
  d.named = ['traits', 'marketing']
  d.purposes.traits = { zh: ' 按标签 ', en: ' ' }
  expect(published(register, d).purposes).toEqual([{ id: 'service', text: { zh: '回答您' } }, { id: 'marketing', text: { zh: '活动' } }, { id: 'traits', text: { zh: '按标签' } }])
})
