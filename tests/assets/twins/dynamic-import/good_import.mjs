const PAGES = ['home', 'about'];

export async function load(ctx) {
  if (!PAGES.includes(ctx.params.page)) ctx.throw(404);
  const page = PAGES.includes(ctx.params.page) ? await import(`./pages/${ctx.params.page}.mjs`) : null;
  ctx.body = page.render();
}
