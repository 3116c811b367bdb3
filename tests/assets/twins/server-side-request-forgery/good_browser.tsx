import { useParams } from 'react-router-dom';
import { useEffect, useState } from 'react';

export function Item() {
  const { id } = useParams();
  const [item, setItem] = useState<{ title: string } | null>(null);
  useEffect(() => {
    fetch(`/api/items/${id}`).then((answer) => answer.json()).then(setItem);
  }, [id]);
  return <h1>{item?.title}</h1>;
}
