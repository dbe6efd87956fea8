/** Returns the JSON of a policy whose statements allow access. */
export function policyDocument(statements: readonly object[]): string {
  const Statement = statements.map((statement) => ({ Effect: 'Allow', ...statement }));
  return JSON.stringify({ Version: '2012-10-17', Statement });
}
