'use client';

import { useRouter, useSearchParams } from 'next/navigation';

export function Login() {
  const router = useRouter();
  const params = useSearchParams();
  return <button onClick={() => router.push(`/lists/${params.get('list')}`)}>Sign in</button>;
}
