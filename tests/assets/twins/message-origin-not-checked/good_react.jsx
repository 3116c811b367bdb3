import { useEffect } from 'react';
export function Frame({ onData }) {
  useEffect(() => {
    const listen = (event) => { if (event.origin !== 'https://a.example') return; onData(event.data); };
    window.addEventListener('message', listen);
    return () => window.removeEventListener('message', listen);
  }, [onData]);
  return null;
}
