// Where Stripe sends the customer afterwards. It grants nothing.
// #region route
export const GET = () => new Response('Thank you. Your membership is on its way.');
// #endregion route
