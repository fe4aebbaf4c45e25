/** Two pages, each a program of its own; what they share lies in files beside them. */
import { defineConfig } from 'vite';

export default defineConfig({
  build: {
    outDir: 'built/pages',
    emptyOutDir: true,
    chunkSizeWarningLimit: 600,
    rollupOptions: { input: { interview: 'interview/index.html', call: 'call/index.html' } },
    assetsInlineLimit: 0,
  },
  server: { proxy: { '/api': 'http://127.0.0.1:8000', '/ws': { target: 'ws://127.0.0.1:8000', ws: true }, '/socket.io': { target: 'ws://127.0.0.1:8000', ws: true } } },
});
