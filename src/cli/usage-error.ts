/** The command line asks for something that does not exist: the message says what does. Exit status 2. */
export class UsageError extends Error {
  override readonly name = 'UsageError';
}
