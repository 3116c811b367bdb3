export const key = process.env.NEXT_PUBLIC_SITE_NAME;
