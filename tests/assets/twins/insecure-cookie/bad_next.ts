import { cookies } from 'next/headers';

export async function signIn(session: string) {
  const jar = await cookies();
  jar.set('session', session, { httpOnly: false, secure: true }); // FINDING
}
