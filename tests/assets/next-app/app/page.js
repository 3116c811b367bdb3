import { headers } from "next/headers";

export default async function Page() {
  const told = await headers();
  return <h1>{`served by Next for ${told.get("x-bailiwick-user") ?? "nobody"}`}</h1>;
}
