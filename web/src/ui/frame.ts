/** Whether this page is one of two phones side by side. */
export const isInFrame = window.parent !== window;
