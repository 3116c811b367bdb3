'use client';

import { useRouter, useSearchParams } from 'next/navigation';

export function Login() {
  const router = useRouter();
  const params = useSearchParams();
  return <button onClick={() => router.push(params.get('next') ?? '/')}>Sign in</button>; // FINDING
}
