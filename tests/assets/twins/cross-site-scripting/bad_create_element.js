import React from 'react';

export function Note() {
  const html = decodeURIComponent(window.location.hash.slice(1));
  return React.createElement('div', { dangerouslySetInnerHTML: { __html: html } }); // FINDING
}
