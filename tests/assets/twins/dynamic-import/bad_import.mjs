export async function load(ctx) {
  const page = await import(`./pages/${ctx.params.page}.mjs`); // FINDING
  ctx.body = page.render();
}
