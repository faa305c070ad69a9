/* Only `pure/` is tested here: it imports nothing of JupyterLab, so no browser is needed. */
module.exports = {
  testEnvironment: 'node',
  roots: ['<rootDir>/labextension/tests'],
  testMatch: ['**/*.test.ts'],
  transform: {
    '\\.ts$': ['ts-jest', { tsconfig: 'labextension/tests/tsconfig.json' }]
  }
};
