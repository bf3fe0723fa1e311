import js from "@eslint/js";
import globals from "globals";

export default [
  { ignores: ["**/node_modules/", "**/.venv/", "**/build/", "**/dist/", "**/*.d.ts"] },
  js.configs.recommended,
  {
    languageOptions: { ecmaVersion: 2023, sourceType: "module" },
    linterOptions: { reportUnusedDisableDirectives: "error" },
    rules: {
      "no-var": "error",
      "prefer-const": "error",
      eqeqeq: "error",
      curly: ["error", "multi-line"],
      "no-shadow": "error",
      "no-implicit-globals": "error",
      "no-restricted-properties": [
        "error",
        {
          property: "innerHTML",
          message: "Names of concepts and files are text; make elements with `make`.",
        },
        {
          property: "outerHTML",
          message: "Names of concepts and files are text; make elements with `make`.",
        },
        { property: "insertAdjacentHTML", message: "Make elements with `make`." },
      ],
      "max-lines-per-function": ["error", { max: 90, skipBlankLines: true, skipComments: true }],
      complexity: ["error", 15],
    },
  },
  { files: ["dissect_widgets/**"], languageOptions: { globals: globals.browser } },
  {
    files: ["tests/**", "*.js"],
    languageOptions: { globals: globals.node },
    rules: { "max-lines-per-function": "off" },
  },
];
