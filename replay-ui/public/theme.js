// Before the first paint: the colour scheme chosen earlier, else the system's.
try {
  const theme = localStorage.getItem('sallyport.theme')
  if (theme === 'light' || theme === 'dark') document.documentElement.dataset.theme = theme
} catch {
  // No storage: the system's scheme it is.
}
