"""What makes few features of images, series and sets, and compares them with parameters and designs."""
