/** Passwords of the servers in these tests; with signs that must be escaped in SQL and in addresses. */
export const PASSWORDS = { superuser: "s'ecret/1?", application: "a'pp:2@#" };
