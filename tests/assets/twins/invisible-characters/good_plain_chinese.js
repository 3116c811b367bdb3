const title = "订单列表"; // 标题
