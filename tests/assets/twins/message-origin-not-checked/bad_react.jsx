import { useEffect } from 'react';
export function Frame({ onData }) {
  useEffect(() => {
    const listen = (event) => { onData(event.data); };
    window.addEventListener('message', listen); // FINDING
    return () => window.removeEventListener('message', listen);
  }, [onData]);
  return null;
}
