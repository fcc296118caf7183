// The console's script: keys, copying, and centring the current tab. Every page works without it.
export const script: string = `(() => {
  for (const button of document.querySelectorAll('[data-copy]')) {
    if (!navigator.clipboard) break;
    button.hidden = false;
    button.addEventListener('click', async () => {
      await navigator.clipboard.writeText(button.dataset.copy);
      button.classList.replace('i-copy', 'i-ok');
      setTimeout(() => button.classList.replace('i-ok', 'i-copy'), 1500);
    });
  }
  const here = document.querySelector('nav.side [aria-current]');
  const side = here?.closest('nav');
  if (side) side.scrollLeft = here.offsetLeft - (side.clientWidth - here.offsetWidth) / 2;
  let leading = false;
  addEventListener('keydown', (event) => {
    if (event.ctrlKey || event.metaKey || event.altKey || event.isComposing) return;
    if (event.target.closest?.('input, select, textarea, dialog')) return;
    const { key } = event;
    if (leading) document.querySelector('nav.side a[data-key="' + CSS.escape(key) + '"]')?.click();
    leading = key === 'g';
    if (key === '/') {
      event.preventDefault();
      const box = document.querySelector('input[type=search]');
      box.focus();
      box.select();
    }
    if (key === '?') document.getElementById('keys').showModal();
    if (key === 'j' || key === 'k') {
      const rows = [...document.querySelectorAll('a.row')].filter((row) => row.checkVisibility());
      const at = rows.indexOf(document.activeElement);
      rows[key === 'j' ? Math.min(at + 1, rows.length - 1) : Math.max(at - 1, 0)]?.focus();
    }
  });
})();
`;
