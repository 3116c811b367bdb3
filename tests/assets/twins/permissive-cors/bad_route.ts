import { NextRequest, NextResponse } from 'next/server';
export async function GET(request: NextRequest) {
  const origin = request.headers.get('origin') ?? '';
  return NextResponse.json({}, { headers: { 'Access-Control-Allow-Origin': origin, 'Access-Control-Allow-Credentials': 'true' } }); // FINDING
}
