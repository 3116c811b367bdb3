export async function GET(request: Request) {
  const name = new URL(request.url).searchParams.get('name');
  return new Response(`Hello ${name}`, { headers: { 'Content-Type': 'text/plain' } });
}
