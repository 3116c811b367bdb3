export function open(user: string) {
  const session = { user, sessionId: Math.random().toString(36) }; // FINDING
  return session;
}
