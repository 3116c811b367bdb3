import { marked } from 'marked';
import useSWR from 'swr';

const fetcher = (url: string) => fetch(url).then((answer) => answer.json());

export function Post({ id }: { id: string }) {
  const { data } = useSWR(`/api/posts/${id}`, fetcher);
  if (!data) return null;
  return <article dangerouslySetInnerHTML={{ __html: marked(data.body) }} />; // FINDING
}
