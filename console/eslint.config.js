// What the compiler does not see: hooks called out of order or with stale dependencies, and types talked away.
import hooks from 'eslint-plugin-react-hooks'
import tseslint from 'typescript-eslint'

export default tseslint.config(
  { ignores: ['dist/', 'node_modules/', 'tools/', 'src/api/types.gen.ts'] },
  {
    files: ['src/**/*.{ts,tsx}'],
    languageOptions: { parser: tseslint.parser, parserOptions: { ecmaFeatures: { jsx: true } } },
    plugins: { 'react-hooks': hooks, '@typescript-eslint': tseslint.plugin },
    linterOptions: { reportUnusedDisableDirectives: 'error' },
    rules: {
      'react-hooks/rules-of-hooks': 'error',
      'react-hooks/exhaustive-deps': 'error',
      '@typescript-eslint/no-explicit-any': 'error', // an unknown shape is unknown, not anything
      '@typescript-eslint/ban-ts-comment': 'error', // a complaint of the compiler is answered, not silenced
      'no-console': 'error', // people do not read it, tests fail on it
      eqeqeq: ['error', 'always', { null: 'ignore' }],
    },
  },
)
