import { describe, expect, test } from 'vitest'
import { antdTheme, looks } from './tokens'
import { variables } from './look'
import { theme } from 'antd'

const sources = import.meta.glob<string>(['../**/*.{ts,tsx,css}', '!./tokens.ts', '!./colours.test.ts'], { eager: true, query: '?raw', import: 'default' })

describe('colours', () => {
  test.each(Object.entries(sources))('%s writes no colour', (_file, text) => {
    expect(text.match(/#(?:[0-9a-fA-F]{3,4}|[0-9a-fA-F]{6}|[0-9a-fA-F]{8})\b(?!-)|\brgba?\(|\bhsla?\(/g) ?? []).toEqual([])
  })
  test.each(['light', 'dark'] as const)('%s reaches antd exactly', (name) => {
    const token = theme.getDesignToken(antdTheme(name))
    expect(token.colorPrimary).toBe(looks[name].fill)
    expect(token.colorPrimaryBg).toBe(looks[name].wash)
    expect(token.colorBgLayout).toBe(looks[name].paper)
    expect(token.colorText).toBe(looks[name].ink)
  })
  test('both palettes give the same variables', () => expect(Object.keys(variables('dark', false)).sort()).toEqual(Object.keys(variables('light', false)).sort()))
  test('more contrast strengthens field edges', () => expect(variables('light', true)['--control']).toBe(looks.light.ink3))
})
