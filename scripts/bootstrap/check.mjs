export const check = async () => 0
