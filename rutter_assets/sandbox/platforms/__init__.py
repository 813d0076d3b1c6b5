"""The platforms' habits, one file each: what a day in a shop leaves behind in the API.

Which habits there are is taken from the API's "Platform Differences" section and from what those platforms' own
payment resources look like; how often each occurs is invented. Amounts are integers of minor units until they are
written.
"""

from rutter_assets.sandbox.platforms.amazon import Amazon
from rutter_assets.sandbox.platforms.big_commerce import BigCommerce
from rutter_assets.sandbox.platforms.day import Habits, Shop
from rutter_assets.sandbox.platforms.days import ShopDays
from rutter_assets.sandbox.platforms.ebay import Ebay
from rutter_assets.sandbox.platforms.paypal import PayPal
from rutter_assets.sandbox.platforms.shopify import Shopify
from rutter_assets.sandbox.platforms.square import Square
from rutter_assets.sandbox.platforms.stripe import Stripe
from rutter_assets.sandbox.platforms.woo_commerce import WooCommerce

__all__ = [
    "Amazon",
    "BigCommerce",
    "Ebay",
    "Habits",
    "PayPal",
    "Shop",
    "ShopDays",
    "Shopify",
    "Square",
    "Stripe",
    "WooCommerce",
]
