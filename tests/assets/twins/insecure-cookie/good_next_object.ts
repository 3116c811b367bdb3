import { cookies } from 'next/headers';
export async function signIn(token: string) {
  (await cookies()).set({ name: 'session', value: token, httpOnly: true, secure: true, sameSite: 'lax' });
}
