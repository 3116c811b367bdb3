export function Field({ kind, password }) {
  const type = kind === 'password' ? 'password' : 'text';
  return <input type={type} disabled={password === ''} autoComplete="current-password" />;
}
