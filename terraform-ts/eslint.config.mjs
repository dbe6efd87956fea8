import js from '@eslint/js';
import prettier from 'eslint-config-prettier';
import tseslint from 'typescript-eslint';

export default tseslint.config(
  { ignores: ['cdktf.out/', 'eslint.config.mjs'] },
  js.configs.recommended,
  // Without the rules that need types: oxlint checks those, see oxlint.json.
  tseslint.configs.strict,
  {
    rules: {
      '@typescript-eslint/consistent-type-imports': 'error',
      'no-restricted-imports': [
        'error',
        {
          paths: [
            {
              name: '@cdktf/provider-aws',
              message: 'The root module costs 750 MB and 5 s; import modules of lib/ one by one.',
            },
          ],
        },
      ],
    },
  },
  {
    // The synthesized JSON has no types.
    files: ['test/**'],
    rules: {
      '@typescript-eslint/no-explicit-any': 'off',
    },
  },
  prettier,
);
