export async function GET(request: Request) {
  const name = new URL(request.url).searchParams.get('name');
  return new Response(`<h1>${name}</h1>`, { headers: { 'Content-Type': 'text/html' } }); // FINDING
}
