import { expect, test } from 'vitest'
import file from '../../../../internal/privacy/register.json?raw'
import { field, fieldWords } from './fieldWords'

// The register is the server's own file, so that a column it gains asks for its word here.
const register = JSON.parse(file) as { table: string; personal: string[] }[]

test('every column that tells something of a person has words in both languages', () => {
  const columns = [...new Set(register.flatMap((t) => t.personal))]
  expect(columns.length).toBeGreaterThan(50)
  for (const c of columns) {
    expect(fieldWords[c], c).toBeDefined()
    expect(field(c, 'en'), c).not.toMatch(/[\u3400-\u9fff]/)
    if (c !== 'unionid') expect(field(c, 'zh'), c).toMatch(/[\u3400-\u9fff]/)
  }
  expect(field('not_there', 'zh')).toBe('not_there')
})
