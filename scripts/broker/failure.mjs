/** What a person can mend: said in one line with its remedy, without a stack. */
export class Failure extends Error {}
