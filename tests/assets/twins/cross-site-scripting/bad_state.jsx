import { useEffect, useState } from 'react';

export default function Bio() {
  const [bio, setBio] = useState('');
  useEffect(() => {
    fetch('/api/me')
      .then((answer) => answer.json())
      .then((me) => setBio(me.bio));
  }, []);
  return <div dangerouslySetInnerHTML={{ __html: bio }} />; // FINDING
}
