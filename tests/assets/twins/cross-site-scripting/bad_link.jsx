import { useSearchParams } from 'next/navigation';

export function Back() {
  const next = useSearchParams().get('next');
  return <a href={next}>Back</a>; // FINDING
}
