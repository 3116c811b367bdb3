export async function GET() {
  try {
    return Response.json({ ok: true });
  } catch (error) {
    return new Response(String((error as Error).stack), { status: 500 }); // FINDING
  }
}
