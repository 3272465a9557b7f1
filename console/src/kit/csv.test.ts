import { expect, test } from 'vitest'
import { csv } from './csv'

test('cells are quoted where needed and never run as formulas', () => {
  expect(csv([['a', 1], ['x,"y"', -2], ['=1+1', '青柠 07']])).toBe('\ufeffa,1\r\n"x,""y""",-2\r\n\'=1+1,青柠 07\r\n')
})
