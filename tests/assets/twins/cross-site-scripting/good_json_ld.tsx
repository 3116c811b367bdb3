const organisation = { '@type': 'Organization', name: 'Example' };

export default function Layout({ children }: { children: React.ReactNode }) {
  return (
    <html>
      <head>
        <script type="application/ld+json" dangerouslySetInnerHTML={{ __html: JSON.stringify(organisation) }} />
      </head>
      <body>{children}</body>
    </html>
  );
}
