// Sends as @segment/analytics-node does: node segment.mjs URL KEY USER
import { Analytics } from "@segment/analytics-node";
const [url, key, user] = process.argv.slice(2);
const analytics = new Analytics({ writeKey: key, host: url, maxEventsInBatch: 3 });
analytics.on("error", (error) => { console.error(error); process.exitCode = 1; });
analytics.page({ anonymousId: `${user}-visitor`, name: "Home" });
analytics.identify({ userId: user, anonymousId: `${user}-visitor`, traits: { email: `${user}@Example.com`, firstName: "Ada" } });
analytics.track({ userId: user, event: "Order Completed", properties: { order_id: `${user}-1`, total: 12.5, currency: "EUR",
  products: [{ product_id: "p1", category: "music", price: 12.5, quantity: 1 }] } });
await analytics.closeAndFlush();
