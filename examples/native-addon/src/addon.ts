/** Where the build puts the addon: `npm run build` in this folder, or `npm test` of the repository. */
export const addon = new URL("../native/native-addon.node", import.meta.url).href
