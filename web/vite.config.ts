/// <reference types="vitest/config" />
import { defineConfig } from 'vite';

export default defineConfig({
  // The page works at any path of a static host.
  base: './',
  build: { target: 'es2023', reportCompressedSize: false, chunkSizeWarningLimit: 600 },
  test: { include: ['src/**/*.test.ts'] },
});
