import { useEffect, useState } from 'react';
import DOMPurify from 'dompurify';
import { marked } from 'marked';
const API = import.meta.env.VITE_API_URL;
export default function App() {
  const [notes, setNotes] = useState([]);
  const [text, setText] = useState(new URLSearchParams(window.location.search).get('draft') ?? '');
  useEffect(() => {
    const controller = new AbortController();
    fetch(`${API}/notes`, { credentials: 'include', signal: controller.signal }).then((r) => r.json()).then(setNotes).catch(() => {});
    return () => controller.abort();
  }, []);
  const add = async (event) => {
    event.preventDefault();
    const answer = await fetch(`${API}/notes`, { method: 'POST', headers: { 'content-type': 'application/json' }, body: JSON.stringify({ text }) });
    if (answer.ok) setNotes([...notes, await answer.json()]);
    localStorage.setItem('draft', '');
    window.history.replaceState({}, '', `?draft=${encodeURIComponent(text)}`);
  };
  return (<main><form onSubmit={add}><textarea value={text} onChange={(e) => setText(e.target.value)} /></form>
    {notes.map((n) => <article key={n.id} dangerouslySetInnerHTML={{ __html: DOMPurify.sanitize(marked.parse(n.text)) }} />)}
    {notes.map((n) => <a key={n.id} href={`/notes/${n.id}`}>{n.text}</a>)}</main>);
}
