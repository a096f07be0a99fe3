// The path of the page that is shown. While the client router exchanges one page for another, the elements of the new one are there before its
// address is: they are of the page that comes.
let path = location.pathname;

document.addEventListener('astro:before-swap', ({ to }) => {
  path = to.pathname;
});

export const currentPath = (): string => path;
