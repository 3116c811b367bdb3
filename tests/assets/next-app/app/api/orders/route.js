export async function POST(request) {
  return Response.json({ taken: (await request.json()).order });
}
