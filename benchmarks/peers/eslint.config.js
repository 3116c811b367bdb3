const security = require("eslint-plugin-security");

module.exports = [
  {
    files: ["**/*.{js,jsx,mjs,cjs,ts,tsx}"],
    ...security.configs.recommended,
    languageOptions: {
      parser: require("@typescript-eslint/parser"),
      parserOptions: { ecmaFeatures: { jsx: true } },
    },
    linterOptions: { noInlineConfig: true },
  },
];
