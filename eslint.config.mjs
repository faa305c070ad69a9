import js from '@eslint/js';
import typescript from 'typescript-eslint';

export default typescript.config(
  {
    ignores: [
      '.venv/**',
      'build/**',
      'blase_lab/labextension/**',
      'labextension/lib/**',
      'labextension/src/generated/**',
      'node_modules/**'
    ]
  },
  js.configs.recommended,
  ...typescript.configs.strict,
  {
    files: ['**/*.js'],
    languageOptions: { globals: { module: 'readonly', require: 'readonly', __dirname: 'readonly' } }
  },
  {
    files: ['labextension/**/*.{ts,tsx}'],
    rules: {
      '@typescript-eslint/consistent-type-imports': 'error',
      '@typescript-eslint/no-unused-vars': ['error', { argsIgnorePattern: '^_' }],
      complexity: ['error', 10],
      eqeqeq: 'error',
      'max-lines': ['error', 200],
      'max-lines-per-function': ['error', 60],
      'max-params': ['error', 5],
      'no-console': 'error'
    }
  },
  {
    files: ['labextension/tests/**/*.ts'],
    rules: { 'max-lines-per-function': 'off' }
  }
);
