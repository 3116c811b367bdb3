import { useSearchParams } from 'next/navigation';

export function Back() {
  const next = useSearchParams().get('next');
  return <a href={`/pages/${next}`}>Back</a>;
}
