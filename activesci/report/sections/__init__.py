"""The sections of the page, one file each: what they show, from a reading of the campaign."""
