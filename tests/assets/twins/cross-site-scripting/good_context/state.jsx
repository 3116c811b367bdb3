import { useState } from 'react';
import { Panel } from './panel';

export function App() {
  const [html, setHtml] = useState('');
  const load = async () => {
    const answer = await fetch('/api/page');
    const { body } = await answer.json();
    setHtml(body);
  };
  return <Panel onLoad={load} html={html} />;
}
